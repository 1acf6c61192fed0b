//! ODL and PVL (PDS3, ISIS, Landsat MTL): keywords, groups and values with units, remembering which were read.
