// The end of make deploy: sends one message, and checks the cluster again.
import { readVariable } from '../cli/make-variables.ts'
import { say, step } from '../cli/terminal.ts'
import { application } from '../kube/application.ts'
import { chooseUrlToPrint, withGatewayUrl } from '../kube/gateway-url.ts'
import { describeResource } from '../kube/resources.ts'
import { type FormerRoute, removeFormerRoute } from './apply/former-route.ts'
import { checkAnalysis } from './apply/istioctl-analyze.ts'
import { showRouteStatus } from './apply/route-status.ts'
import { noteOtherKey } from './keys/compare-signature.ts'
import { checkOthers } from './preflight/other-resources.ts'
import type { Plan } from './prepare.ts'
import type { Rendering } from './render/render.ts'
import { sendSmoke } from './smoke/send-smoke.ts'
import { formatCurl } from './smoke/smoke-request.ts'

/** Milliseconds for the first answer. Every proxy must have received the new policies by then. */
const firstAnswerMs = 60_000

/** Sends a message, removes the former route, checks the deployment, and prints a command that sends a message. */
export async function verify({
  rendering,
  findings,
  formerRoute,
  resources,
  usesSecret,
}: Plan): Promise<void> {
  const { route, injector } = findings
  const { smoke, file } = application
  await showRouteStatus(route)
  const ca = readVariable('GATEWAY_CACERT')
  const { curl, prerequisite } = await withGatewayUrl(
    route,
    readVariable('GATEWAY_URL'),
    async (gatewayUrl) => {
      if (route.entry.needsClientCertificate) {
        say('  skip  a message through the gateway, which requires a client certificate')
      } else if (smoke !== undefined) {
        const title =
          smoke.answer === undefined
            ? 'the application answered through the gateway'
            : 'a message was signed through the gateway'
        const answer = await step(title, () =>
          sendSmoke(gatewayUrl, smoke, { waitMs: firstAnswerMs, ca }),
        )
        if (usesSecret && answer !== undefined) await noteOtherKey(answer)
      } else {
        say(`  skip  a message through the gateway: ${file} has no smoke request`)
      }
      return {
        curl: smoke && formatCurl(chooseUrlToPrint(gatewayUrl), smoke.request, ca),
        prerequisite: gatewayUrl.prerequisite,
      }
    },
  )
  await finishRoute(rendering, formerRoute)
  await step('nothing on the cluster opens or breaks the Pods after the deployment', () =>
    checkOthers(resources, findings),
  )
  await step('istioctl analyze reports no problem after the deployment', () =>
    checkAnalysis(rendering, 'after', injector.revision),
  )
  if (prerequisite !== undefined) say(`Run this in another terminal: ${prerequisite}`)
  process.stdout.write(curl === undefined ? '' : `${curl}\n`)
}

/** Leaves only the new route. Its gateway has just answered. */
async function finishRoute(rendering: Rendering, former: FormerRoute): Promise<void> {
  const names = former.removed.map(describeResource)
  if (names.length === 0) return removeFormerRoute(rendering, former)
  await step(`${names.join(', ')} of the route before is removed`, () =>
    removeFormerRoute(rendering, former),
  )
}
