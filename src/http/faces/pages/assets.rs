//! What the pages need besides their text: style, script, icon and the outline of the world, held by the binary. Nothing
//! is fetched from elsewhere. A name holds the digest of its content, so that a browser may keep it for ever.

use std::sync::OnceLock;

use actix_web::http::header;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};

use super::answer;
use crate::catalogue::Error;
use crate::codec;

/// One file of the pages.
struct Asset {
    stem: &'static str,
    extension: &'static str,
    media_type: &'static str,
    content: &'static [u8],
}

const ASSETS: [Asset; 4] = [
    Asset {
        stem: "style",
        extension: "css",
        media_type: "text/css; charset=utf-8",
        content: include_bytes!("../../../../web/style.css"),
    },
    Asset {
        stem: "pages",
        extension: "js",
        media_type: "text/javascript; charset=utf-8",
        content: include_bytes!("../../../../web/pages.js"),
    },
    Asset {
        stem: "icon",
        extension: "svg",
        media_type: "image/svg+xml",
        content: include_bytes!("../../../../web/icon.svg"),
    },
    Asset {
        stem: "world",
        extension: "svg",
        media_type: "image/svg+xml",
        content: include_bytes!("../../../../web/world.svg"),
    },
];

/// Hexadecimal digits of the digest in a name: 48 bits tell versions of one file apart.
const FINGERPRINT_DIGITS: usize = 12;

fn names() -> &'static [(String, &'static Asset)] {
    static NAMES: OnceLock<Vec<(String, &'static Asset)>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let name = |asset: &'static Asset| {
            let digest: String = codec::sha256(asset.content).to_string().chars().take(FINGERPRINT_DIGITS).collect();
            (format!("{}.{digest}.{}", asset.stem, asset.extension), asset)
        };
        ASSETS.iter().map(name).collect()
    })
}

/// The address of a file of the pages by its stem: `style`, `pages`, `icon` or `world`.
pub fn address(stem: &str) -> String {
    let found = names().iter().find(|(_, asset)| asset.stem == stem);
    format!("/assets/{}", found.map_or(stem, |(name, _)| name))
}

/// Gives one file; its name never stands for other bytes.
pub async fn give(request: HttpRequest, name: Path<String>) -> HttpResponse {
    let found = names().iter().find(|(known, _)| *known == *name);
    let Some((_, asset)) = found else {
        return answer(&request, Err(Error::NoSuch { what: format!("file {:?} of the pages", *name) }.into()));
    };
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::CONTENT_TYPE, asset.media_type))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'"))
        .body(asset.content)
}
