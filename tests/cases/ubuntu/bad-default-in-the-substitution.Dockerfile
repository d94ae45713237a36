# expect: found=14.04 text="ubuntu:${RELEASE:-14.04}"
FROM ubuntu:${RELEASE:-14.04}
