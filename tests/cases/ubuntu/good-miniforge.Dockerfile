# expect: found=20.04
FROM condaforge/miniforge3:24.9.2-0
