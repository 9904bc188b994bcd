//! Gradient-boosted trees over histograms, written as LightGBM text models.
