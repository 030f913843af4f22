// What the fields of the signer's API and the variables of the services mean. The schemas say what is valid.

/** By the name of the field, which means the same on every route. */
export const fieldMeanings: Readonly<Record<string, string>> = {
  message: 'well-formed Unicode, without lone surrogates',
  messages: 'well-formed Unicode, without lone surrogates',
  body: 'the body of the webhook, exactly as it is sent',
  encoding: 'what the signer signs: the text as UTF-8, or the bytes that it decodes to',
  key_id: "a key's id: the name of its entry in the Secret",
  id: 'the same for each delivery of an event, by default a new one',
  consumer: 'whose key signs: one that is derived from each webhook key',
  consumer_versions: "the versions of the consumer's key, by default 1",
  headers: 'the three headers of the webhook',
  signature: 'HMAC-SHA256 in lower-case hex',
  request_id: 'as in `x-request-id`, unique within the call',
  trace_id: 'the trace id of `traceparent`, for the audit log',
}

export const variableMeanings: Readonly<Record<string, string>> = {
  FRONTEND_PORT: 'the port to listen on, or 0 for any free port',
  FRONTEND_HOST: 'the IP address to listen on. If unset, every address',
  FRONTEND_SHUTDOWN_DELAY_MS: 'how long new requests are accepted after SIGTERM',
  FRONTEND_MAX_REQUESTS: 'how many messages are signed at once',
  SIGNER_URL: "plain HTTP, which the mesh turns into mutual TLS, or the signer's socket",
  SIGNER_TIMEOUT_MS: 'the deadline for a signature, with all attempts',
  CALLER_TOKEN_FILE: 'the ServiceAccount token with audience signer, or none',
  PAIRING_SECRET_FILE: 'the pairing secret, or none if the signer is in another Pod',
  SIGNER_SOCKET: 'the Unix socket to listen on, in a writable folder',
  SIGNER_KEY_DIR: 'the mount path of the Secret with the keys',
  SIGNER_KEY_BUNDLE: 'the file in SIGNER_KEY_DIR that holds all keys. If unset, each file is a key',
  SIGNER_PAIRING_DIR: 'the folder for the pairing secret, or none if SIGNER_CALLER is set',
  SIGNER_FREEZE_DIR: 'the mount path of the ConfigMap that stops signing, or none',
  SIGNER_CALLER: "the frontend's mesh identity, if it runs in another Pod",
  SIGNER_PEER: 'who connects: the proxy of the mesh, or the frontend container',
  SIGNER_MAX_REQUESTS: 'how many single messages are served at once',
  SIGNER_SIGNATURES_PER_SECOND: 'how many messages a key signs in a second, on average',
  SIGNER_SIGNATURES_BURST: 'how many at once after a pause. Default: 1000 or one second',
  SIGNER_SIGNATURES_PER_DAY: 'how many messages a key signs on a day of UTC',
  SIGNER_VERIFICATIONS_PER_SECOND: 'how many signatures are verified in a second',
  SIGNER_SHUTDOWN_DELAY_MS: 'how long new requests are accepted after SIGTERM',
}
