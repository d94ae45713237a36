# expect: count=1 text=Ubuntu:20.04
FROM Ubuntu:20.04
