//! The name of a product is that of its folder; no element of a manifest holds it. Where the folder is not known, the name
//! is built of what the manifest says, as the naming conventions of the missions do.

use super::sections::Product;
use crate::importer::shared::xml::Element;

/// The folder of a manifest, without the extension `.SAFE`; SEN3 products keep theirs, as users write it.
pub fn of_folder(path: &str) -> Option<String> {
    let mut parts = path.trim_end_matches('/').rsplit(['/', '\\']);
    let _file = parts.next()?;
    let folder = parts.next().filter(|folder| !folder.is_empty() && !folder.contains("..") && *folder != ".")?;
    let name = folder.strip_suffix(".SAFE").unwrap_or(folder);
    // A manifest that was taken out of its folder stands anywhere.
    let mission = name.get(..2).is_some_and(|two| two.starts_with('S') && two.ends_with(|c: char| c.is_ascii_digit()));
    (folder.ends_with(".SAFE") || folder.ends_with(".SEN3") || (mission && name.len() > 20)).then(|| name.to_owned())
}

/// For Sentinel-1 the last part is the CRC of the manifest, as ESA defines it, so that the name is almost the real one.
pub fn built(root: &Element, product: &Product<'_>, bytes: &[u8]) -> String {
    if let Some(name) = root.descendants("productName").into_iter().find_map(Element::text) {
        return name.strip_suffix(".SAFE").unwrap_or(name).to_owned();
    }
    let compact = |time: Option<&str>| {
        time.map(|time| time.split('.').next().unwrap_or_default().replace(['-', ':', 'Z'], ""))
            .filter(|time| !time.is_empty())
    };
    let Some(platform) = product.platform_code() else { return String::new() };
    let tile = root.descendants("fileLocation").into_iter().find_map(|location| tile_of(location.attribute("href")?));
    let take = product.data_take.and_then(|take| take.parse::<u32>().ok()).map(|take| format!("{take:06X}"));
    let orbit = product.orbit.map(|orbit| format!("{:0>6}", orbit));
    let parts = [
        Some(platform),
        product.mode.map(str::to_owned),
        product.kind().map(|kind| kind.to_owned()),
        compact(product.start),
        compact(product.stop),
        orbit,
        take,
        tile,
        Some(format!("{:04X}", crc16(bytes))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("_")
}

/// `T33XWJ` of `…/IMG_DATA/R10m/T33XWJ_20220413T150759_AOT_10m.jp2`.
fn tile_of(href: &str) -> Option<String> {
    let tile = href.rsplit('/').next()?.split('_').next()?;
    let digits = tile.get(1..3)?.bytes().all(|byte| byte.is_ascii_digit());
    (tile.len() == 6 && tile.starts_with('T') && digits && href.contains("IMG_DATA")).then(|| tile.to_owned())
}

/// CRC-16-CCITT with all ones at the start: the product unique identifier of Sentinel-1.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc: u16, byte| {
        (0..8).fold(
            crc ^ (u16::from(*byte) << 8),
            |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 },
        )
    })
}

/// Products of one mission and type belong together: `SENTINEL-1/GRD`, `SENTINEL-2/MSIL2A`.
pub fn collection(name: &str, product: &Product<'_>) -> Option<String> {
    let mission = product.mission()?;
    let of_name = || name.split('_').nth(1).filter(|part| part.starts_with("MSIL")).map(str::to_owned);
    let kind = of_name().or_else(|| product.kind().map(str::to_owned))?;
    Some(format!("{mission}/{kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_folders() {
        for (path, name) in [
            ("x/S2A_MSIL1C_20200717.SAFE/manifest.safe", Some("S2A_MSIL1C_20200717")),
            ("x\\S3A_OL_1.SEN3\\xfdumanifest.xml", Some("S3A_OL_1.SEN3")),
            ("S1A_EW_GRDM_1SDH_20221130T014342/manifest.safe", Some("S1A_EW_GRDM_1SDH_20221130T014342")),
            ("grd/manifest.safe", None),
            ("manifest.safe", None),
            ("", None),
        ] {
            assert_eq!(of_folder(path).as_deref(), name, "{path}");
        }
        assert_eq!(crc16(b"123456789"), 0x29b1);
        assert_eq!(tile_of("G/IMG_DATA/R10m/T33XWJ_2022_AOT.jp2").as_deref(), Some("T33XWJ"));
    }
}
