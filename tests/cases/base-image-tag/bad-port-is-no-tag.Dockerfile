# expect: count=1
FROM registry.example.com:5000/team/base
