//! stub
use crate::catalogue::Error;
pub fn item(_: &[u8], _: &str) -> Result<String, Error> {
    Ok(String::new())
}
pub fn collection(_: &[u8], _: &str) -> Result<String, Error> {
    Ok(String::new())
}
pub fn features(_: &str) -> Option<Vec<String>> {
    None
}
