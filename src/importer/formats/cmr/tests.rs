//! Documents of the CMR's dialects, written for these tests.
