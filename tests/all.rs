
mod archive;
