// The positive control of the matrix: the smoke request of signing.yaml gets a signature.
import { readVariable } from '../../cli/make-variables.ts'
import { say } from '../../cli/terminal.ts'
import { compareSignature } from '../../deploy/keys/compare-signature.ts'
import { isKeyInSecret } from '../../deploy/keys/key-source.ts'
import { withApplicationUrl } from '../../deploy/smoke/application-url.ts'
import { sendSmoke } from '../../deploy/smoke/send-smoke.ts'
import { application } from '../../kube/application.ts'
import { findPublicRoute, readWantedRoute } from '../../kube/gateway/public-route.ts'

/** Milliseconds until the gateway must answer with a signature. */
const answerMs = 5_000

/** Compares the signature with what OpenSSL computes from the Secret. Throws UserError if there is none, or another. */
export async function checkSigned(): Promise<void> {
  const { smoke, file } = application
  if (smoke === undefined) {
    return note(`${file} has no smoke request, so only the rows below show that it gets signatures`)
  }
  const route = await findPublicRoute(readWantedRoute())
  const ca = readVariable('GATEWAY_CACERT')
  const answer = await withApplicationUrl(route, (gatewayUrl) =>
    sendSmoke(gatewayUrl, smoke, { waitMs: answerMs, ca }),
  )
  if (answer === undefined)
    return note(`${file} has no smoke.answer or smoke.webhook, so no signature is compared`)
  if (await isKeyInSecret()) await compareSignature(answer)
  else note('the signature is not compared, because the key is in no Secret')
}

function note(text: string): void {
  say(`  note  ${text}`)
}
