# expect: count=1 line=2 column=6 message="has no tag"
FROM ubuntu
