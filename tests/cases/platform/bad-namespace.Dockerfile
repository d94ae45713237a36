# expect: count=1 line=2 column=6
FROM arm64v8/ubuntu:20.04
