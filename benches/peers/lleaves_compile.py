"""Compiles a model of LightGBM with lleaves.

``python lleaves_compile.py MODEL ONE_OBJECT BATCH_OBJECT``: as its documentation advises, trees are
in blocks for batches, and in one block for single rows.
"""

import sys

import lleaves

path, one, batch = sys.argv[1:]
model = lleaves.Model(model_file=path)
model.compile(
    cache=one, fblocksize=model.num_trees(), fcodemodel="small", froot_func_name="forest_one"
)
model.compile(cache=batch, fblocksize=34, fcodemodel="small", froot_func_name="forest_batch")
