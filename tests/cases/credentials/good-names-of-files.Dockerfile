FROM ubuntu:20.04
ENV TOKEN_FILE=/run/secrets/token DB_PASSWORD_FILE=/run/secrets/db SECRET_NAME=db KEYVAULT_URL=https://x.vault.azure.net
