//! Items as record batches: formats, column roles, row digests.
