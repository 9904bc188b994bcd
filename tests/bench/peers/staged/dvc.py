"""Six scripts, wired by DVC: lays out a repository without Git in the working directory."""

import json
import sys

raw, name, scripts, python = sys.argv[1:]
stages = ["validate", "clean", "featurize", "split", "train", "evaluate"]
line = {}
for before, stage in zip([raw, *stages], stages):
    line[stage] = {"cmd": f"{python} {scripts}/{stage}.py {before} {stage} {name}", "deps": [before, f"{scripts}/{stage}.py"], "outs": [stage]}
# JSON is YAML.
with open("dvc.yaml", "w") as file:
    json.dump({"stages": line}, file)
