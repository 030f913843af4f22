# The agent may read this one secret in Vault and renew its own token. It does not have the default policy.
#   vault policy write secure-signing k8s/components/vault/vault-policy.hcl
path "kv/metadata/signing/hmac-key" {
  capabilities = ["read"]
}
path "kv/data/signing/hmac-key" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}
