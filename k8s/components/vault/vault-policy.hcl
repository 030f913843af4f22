# What the agent may do in Vault: read this one secret, and keep its own token alive. The default policy is left out.
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
