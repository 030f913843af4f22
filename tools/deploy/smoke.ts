// make smoke: sends one random message through the ingress gateway, and compares its signature with what OpenSSL computes
// from the Secret. If the key is in no Secret, it prints that it compared nothing.
import { randomBytes } from 'node:crypto'
import { readVariable } from '../cli/make-variables.ts'
import { elapsed, runMain, say, UserError } from '../cli/terminal.ts'
import { checkCluster } from '../kube/check-cluster.ts'
import { withGatewayUrl } from '../kube/gateway-url.ts'
import { findIngressGateway } from '../kube/ingress-gateway.ts'
import { findDeployed } from '../kube/layouts.ts'
import { namespace } from '../kube/names.ts'
import { readKey } from './keys/hmac-key.ts'
import { isKeyInSecret } from './keys/key-source.ts'
import { computeOpensslHmac } from './openssl-hmac.ts'
import { processMessage } from './process-message.ts'

/** Milliseconds until a gateway that does not answer is given up. */
const patienceMs = 3_000
/** Milliseconds for the whole run: an answer either way, in under ten seconds. */
const deadlineMs = 9_500

await runMain(async () => {
  const start = performance.now()
  const deadline = setTimeout(() => {
    say(
      `no answer within ${deadlineMs / 1000} s\n  → is the cluster up? see \`kubectl get pods -A\``,
    )
    process.exit(1)
  }, deadlineMs)
  deadline.unref()
  await checkCluster()
  if ((await findDeployed()) === undefined) {
    throw new UserError(`nothing is deployed in namespace ${namespace}`, 'make deploy')
  }
  const gateway = await findIngressGateway(readVariable('GATEWAY_SELECTOR'))
  const message = `smoke ${randomBytes(12).toString('base64url')} grüße 🔏`
  const answer = await withGatewayUrl(gateway, readVariable('GATEWAY_URL'), ({ url }) =>
    processMessage(url, message, patienceMs),
  )
  if (answer.processed_message !== message.toUpperCase()) {
    throw new UserError(
      'the frontend did not process the message that was sent',
      "see the frontend's log",
    )
  }
  if (!(await isKeyInSecret())) {
    process.stdout.write(
      `ok: signed through the gateway with key "${answer.key_id}"; NOT compared with OpenSSL's HMAC, for the key is in no Secret (${elapsed(start)})\n`,
    )
    return
  }
  const key = await readKey(answer.key_id)
  const expected = await computeOpensslHmac(key, Buffer.from(answer.processed_message))
  if (answer.signature !== expected) {
    throw new UserError(
      `the signature is not the HMAC-SHA256 of the message under key "${answer.key_id}"`,
      'the signer has other key bytes than the Secret: was that changed within the last minute, or refused? The signer’s log says `keys_refused` then',
    )
  }
  process.stdout.write(
    `ok: signed through the gateway with key "${answer.key_id}", equal to OpenSSL's HMAC (${elapsed(start)})\n`,
  )
})
