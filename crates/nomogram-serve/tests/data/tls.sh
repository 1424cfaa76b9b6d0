#!/bin/sh
# Makes the certificates of the tests: an authority, and servers called localhost; valid for 100 years.
# Made by OpenSSL 3.0.19.
set -e
openssl ecparam -name prime256v1 -genkey -noout -out authority.key
openssl req -x509 -new -key authority.key -subj "/CN=test authority" -days 36500 -out tls_authority.pem
openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out tls_server.key
openssl req -new -key tls_server.key -subj "/CN=localhost" -out server.csr
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n' > server.ext
openssl x509 -req -in server.csr -CA tls_authority.pem -CAkey authority.key -CAcreateserial -days 36500 \
  -extfile server.ext -out tls_server.pem
# Another server of the same name, which leads to no authority.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -keyout tls_other_server.key \
  -out tls_other_server.pem -subj "/CN=localhost" -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" \
  -addext "basicConstraints=critical,CA:FALSE"
rm -f authority.key server.csr server.ext *.srl
