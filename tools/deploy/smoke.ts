// make smoke: one random message through the ingress gateway; its signature must be what OpenSSL computes from the
// Secret. Where the key is in none, nobody but the signer may have it, and that is said. KUBECONFIG: the cluster ·
// GATEWAY_URL, GATEWAY_SELECTOR: as for make deploy.
import { randomBytes } from 'node:crypto'
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
  const gateway = await findIngressGateway(process.env.GATEWAY_SELECTOR || undefined)
  const message = `smoke ${randomBytes(12).toString('base64url')} grüße 🔏`
  const answer = await withGatewayUrl(gateway, process.env.GATEWAY_URL, ({ url }) =>
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
