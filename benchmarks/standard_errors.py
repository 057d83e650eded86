"""What statsmodels says about the weights of `book/how_sure.ipynb`; prints one Markdown table.

The chapter keeps these numbers as literals, since statsmodels has no place in the lock. HC0 is the
sandwich.
"""

import importlib.metadata

import numpy as np
from sklearn.datasets import load_breast_cancer
from statsmodels.api import Logit

COLUMNS = ["mean texture", "mean smoothness", "mean area"]

data = load_breast_cancer()
features = data.data[:, [list(data.feature_names).index(name) for name in COLUMNS]]
features = (features - features.mean(axis=0)) / features.std(axis=0)
model = Logit(1 - data.target, np.column_stack([np.ones(len(features)), features]))
fit = model.fit(tol=1e-14, disp=False)
sandwich = model.fit(tol=1e-14, disp=False, cov_type="HC0")

print(f"| statsmodels {importlib.metadata.version('statsmodels')} | weight | error | HC0 error |")
print("| --- | --- | --- | --- |")
for row in zip(["intercept", *COLUMNS], fit.params, fit.bse, sandwich.bse, strict=True):
    print("| {} | {!r} | {!r} | {!r} |".format(row[0], *map(float, row[1:])))
