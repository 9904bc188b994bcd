"""Loads (or trains) a LightGBM model in a directory and writes its predictions for the rows in x.bin.

usage: lightgbm_predicts.py predict|train DIRECTORY COLUMNS OBJECTIVE
"""

import pathlib
import sys

import lightgbm
import numpy

work, directory, columns, objective = sys.argv[1:]
directory = pathlib.Path(directory)
x = numpy.fromfile(directory / "x.bin").reshape(-1, int(columns))

if work == "train":
    score = numpy.nan_to_num(x[:, 1]).clip(-3, 3) + numpy.nan_to_num(x[:, 5]) % 3
    parameters = {"objective": objective, "verbose": -1, "min_data_per_group": 5, "num_threads": 1}
    if objective == "binary":
        label = score > 0.5
    elif objective == "multiclass":
        parameters["num_class"] = 4
        label = score.clip(0, 3).astype(int)
    else:
        label = score
    data = lightgbm.Dataset(x, label, categorical_feature=[5, 6, 7])
    lightgbm.train(parameters, data, 20).save_model(directory / "model.txt")

model = lightgbm.Booster(model_file=directory / "model.txt")
model.predict(x, raw_score=True, num_threads=1).tofile(directory / "raw.bin")
model.predict(x, num_threads=1).tofile(directory / "values.bin")
