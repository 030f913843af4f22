// make smoke: sends the smoke request of signing.yaml through the ingress gateway, and compares the signature with what OpenSSL
// computes from the Secret. It sends the request several times at once, because each Pod may hold other keys. Without a mesh it
// sends it to each Pod. If the key is in no Secret, it says that it compared nothing.
import { readVariable } from '../cli/make-variables.ts'
import { atPace } from '../cli/pace.ts'
import { elapsed, runMain, say, UserError } from '../cli/terminal.ts'
import { requireThawed } from '../incident/freeze/marker.ts'
import { application } from '../kube/application.ts'
import { checkCluster } from '../kube/check-cluster.ts'
import { findPublicRoute, readWantedRoute } from '../kube/gateway/public-route.ts'
import { type GatewayUrl, withGatewayUrl } from '../kube/gateway-url.ts'
import { findDeployed } from '../kube/layouts.ts'
import { deployment, namespace } from '../kube/names.ts'
import { listReadyPods } from '../kube/ready-pods.ts'
import { withPodUrl } from '../kube/service-url.ts'
import { checkSecret, compareSignature } from './keys/compare-signature.ts'
import { isKeyInSecret } from './keys/key-source.ts'
import { sendSmoke } from './smoke/send-smoke.ts'
import type { SignedAnswer } from './smoke/signed-answer.ts'

/** Milliseconds until the gateway must answer with a signature. */
const answerMs = 3_000
/** How often the request is sent, so that most Pods get it. */
const copies = 6
/** Milliseconds for the whole run, so that it ends in under ten seconds. */
const deadlineMs = 9_500

await runMain(async () => {
  const start = performance.now()
  const limitMs = atPace(deadlineMs)
  const deadline = setTimeout(() => {
    say(
      `no answer within ${limitMs / 1000} s\n  → Check that the cluster is up: kubectl get pods -A`,
    )
    process.exit(1)
  }, limitMs)
  deadline.unref()
  const { smoke, file } = application
  if (smoke === undefined) {
    throw new UserError(
      `${file} has no smoke request`,
      'Add `smoke` to it: docs/configuration.md#signingyaml.',
    )
  }
  await checkCluster()
  const layout = await findDeployed()
  if (layout === undefined) {
    throw new UserError(`nothing is deployed in namespace ${namespace}`, 'Run `make deploy`.')
  }
  await requireThawed()
  const ca = readVariable('GATEWAY_CACERT')
  const send = (url: GatewayUrl) => sendSmoke(url, smoke, { waitMs: answerMs, ca })
  const answers = await (layout.isMeshed ? sendToGateway(send) : sendToPods(send))
  const way = layout.isMeshed ? 'through the gateway' : 'by each Pod'
  const signed = answers.filter((each) => each !== undefined)
  if (signed.length === 0) {
    say(`  note  ${file} has no smoke.answer or smoke.webhook, so no signature was compared`)
    process.stdout.write(`ok: the application answered (${elapsed(start)})\n`)
    return
  }
  const isInSecret = await isKeyInSecret()
  const used = new Set(signed.map((each) => each.keyId).filter(Boolean))
  if (isInSecret) {
    const distinct = new Map(signed.map((each) => [each.signature, each]))
    for (const each of distinct.values()) {
      for (const id of await compareSignature(each)) used.add(id)
    }
    await checkSecret()
  }
  const ids = [...used]
  const withKeys = ids.length === 0 ? '' : ` with key "${ids.join('", "')}"`
  const compared = isInSecret
    ? "equal to OpenSSL's HMAC"
    : "NOT compared with OpenSSL's HMAC, because the key is in no Secret"
  process.stdout.write(`ok: signed ${way}${withKeys}, ${compared} (${elapsed(start)})\n`)
})

type Send = (url: GatewayUrl) => Promise<SignedAnswer | undefined>

async function sendToGateway(send: Send) {
  const route = await findPublicRoute(readWantedRoute())
  return withGatewayUrl(route, readVariable('GATEWAY_URL'), (url) =>
    Promise.all(Array.from({ length: copies }, () => send(url))),
  )
}

/** Without a mesh, each Pod is reached by itself. */
async function sendToPods(send: Send) {
  const names = await listReadyPods(deployment)
  return Promise.all(names.map((name) => withPodUrl(name, send)))
}
