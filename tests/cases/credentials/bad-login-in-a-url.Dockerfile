# expect: count=1 line=3 column=49 text=hunter2secret
FROM ubuntu:20.04
RUN pip install --extra-index-url https://build:hunter2secret@pkgs.example.com/simple mypackage==1.0
