//! Signposts for machines (FAIR Signposting, level 2): what a page is about, how to cite it, where its metadata and its bytes
//! are. As `Link` headers, and all of them as a link set (RFC 9264).

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use super::bibliography::doi_of;
use super::form::Form;
use crate::http::faces::pages::address;
use crate::model::{Draft, Entity, Key, Kind};

/// Most files in the headers; a link set has more, and the page of a product with more than that has its list.
const MOST_IN_HEADERS: usize = 10;
const MOST_IN_SET: usize = 1_000;

/// One link of the page.
struct Signpost {
    rel: &'static str,
    href: String,
    media_type: Option<String>,
}

/// The forms that describe a record to machines.
fn described_by() -> impl Iterator<Item = Form> {
    Form::ALL.into_iter().filter(|form| !matches!(form, Form::Html | Form::Linkset))
}

/// The address of one form of the page.
pub fn of_form(page: &str, form: Form) -> String {
    format!("{page}?format={}", form.name())
}

fn signposts(base: &str, key: &Key, entity: &Entity<'_>, thing: &str, most_files: usize) -> Vec<Signpost> {
    let page = format!("{base}{}", address::page(key));
    let plain = |rel, href: String| Signpost { rel, href, media_type: None };
    let mut posts = Vec::new();
    posts.push(plain(
        "cite-as",
        doi_of(entity).map_or_else(|| thing.to_owned(), |doi| format!("https://doi.org/{}", encoded(doi))),
    ));
    posts.push(plain("type", "https://schema.org/AboutPage".to_owned()));
    if matches!(key.kind, Kind::Product | Kind::Collection) {
        posts.push(plain("type", "https://schema.org/Dataset".to_owned()));
    }
    for form in described_by() {
        let media_type = Some(form.media_type().to_owned());
        posts.push(Signpost { rel: "describedby", href: of_form(&page, form), media_type });
    }
    posts.extend(entity.licence.as_deref().and_then(address::elsewhere).map(|href| plain("license", href.to_owned())));
    posts.extend(
        key.collection.as_ref().map(|id| plain("collection", format!("{base}{}", address::collection(id.as_str())))),
    );
    for file in entity.files.iter().filter(|file| file.storage.is_some()).take(most_files) {
        let media_type = file.media_type.as_deref().map(str::to_owned);
        posts.push(Signpost { rel: "item", href: format!("{base}{}", address::file(key, &file.name)), media_type });
    }
    posts
}

fn encoded(doi: &str) -> String {
    doi.split('/').map(crate::model::uri::encode).collect::<Vec<_>>().join("/")
}

/// Puts the signposts of a page, and of its other forms, into an answer.
pub fn add(headers: &mut HeaderMap, base: &str, key: &Key, entity: &Entity<'_>, thing: &str, form: Form) {
    let name = HeaderName::from_static("link");
    let page = format!("{base}{}", address::page(key));
    let mut lines = vec![line("linkset", &of_form(&page, Form::Linkset), Some(Form::Linkset.media_type()))];
    if form == Form::Html {
        let posts = signposts(base, key, entity, thing, MOST_IN_HEADERS);
        lines.extend(posts.iter().map(|post| line(post.rel, &post.href, post.media_type.as_deref())));
    } else {
        lines.push(line("describes", &page, Some(Form::Html.media_type())));
        lines.push(line("canonical", &page, None));
    }
    // What cannot stand in a header stands in the link set alone.
    for value in lines.iter().filter_map(|line| HeaderValue::from_str(line).ok()) {
        headers.append(name.clone(), value);
    }
}

fn line(rel: &str, href: &str, media_type: Option<&str>) -> String {
    let is_type = |text: &&str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/+-.; =".contains(&byte));
    let href = href.replace(['<', '>', '"', ' '], "");
    match media_type.filter(is_type) {
        Some(media_type) => format!("<{href}>; rel=\"{rel}\"; type=\"{media_type}\""),
        None => format!("<{href}>; rel=\"{rel}\""),
    }
}

/// All signposts as a link set: those of the page, of its metadata and of its files.
pub fn linkset(base: &str, key: &Key, entity: &Entity<'_>, thing: &str) -> String {
    let page = format!("{base}{}", address::page(key));
    let posts = signposts(base, key, entity, thing, MOST_IN_SET);
    let mut contexts = Draft::array();
    let mut of_page = Draft::object();
    of_page.string("anchor", &page);
    for same in posts.chunk_by(|left, right| left.rel == right.rel) {
        let Some(first) = same.first() else { continue };
        of_page.part(first.rel, targets(same.iter().map(|post| (post.href.as_str(), post.media_type.as_deref()))));
    }
    contexts.element(&of_page.finish());
    for post in &posts {
        let back = match post.rel {
            "describedby" => "describes",
            "item" => "collection",
            _ => continue,
        };
        let mut context = Draft::object();
        context.string("anchor", &post.href);
        context.part(back, targets([(page.as_str(), Some("text/html"))]));
        contexts.element(&context.finish());
    }
    let mut set = Draft::object();
    set.raw("linkset", &contexts.finish());
    set.finish()
}

fn targets<'t>(targets: impl IntoIterator<Item = (&'t str, Option<&'t str>)>) -> Draft {
    let mut list = Draft::array();
    for (href, media_type) in targets {
        let mut target = Draft::object();
        target.string("href", href);
        target.optional("type", media_type);
        list.element(&target.finish());
    }
    list
}
