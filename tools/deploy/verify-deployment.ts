// The end of make deploy: sends one message, and checks the cluster again.
import { readVariable } from '../cli/make-variables.ts'
import { say, step } from '../cli/terminal.ts'
import type { PublicRoute } from '../kube/gateway/public-route.ts'
import { chooseUrlToPrint, type GatewayUrl, withGatewayUrl } from '../kube/gateway-url.ts'
import { describeResource } from '../kube/resources.ts'
import { withServiceUrl } from '../kube/service-url.ts'
import { type FormerRoute, removeFormerRoute } from './apply/former-route.ts'
import { checkAnalysis } from './apply/istioctl-analyze.ts'
import { showRouteStatus } from './apply/route-status.ts'
import { noteOtherKey } from './keys/compare-signature.ts'
import { checkOthers } from './preflight/other-resources.ts'
import type { InspectedMesh } from './preflight/preflight.ts'
import type { Plan } from './prepare.ts'
import { formatCurl, processMessage } from './process-message.ts'
import type { Rendering } from './render/render.ts'

/** Milliseconds for the first answer. Every proxy must have received the new policies by then. */
const firstAnswerMs = 60_000

/** Sends a message, removes the former route, checks the deployment, and prints a command that sends a message. */
export async function verify(plan: Plan): Promise<void> {
  const { curl, prerequisite } = await sendMessage(plan)
  await finishRoute(plan.rendering, plan.formerRoute)
  if (plan.mesh !== undefined) await checkAgain(plan, plan.mesh)
  if (prerequisite !== undefined) say(`Run this in another terminal: ${prerequisite}`)
  process.stdout.write(`${curl}\n`)
}

/** Sends a message as clients do: through the gateway, or to the Service if there is no mesh. */
async function sendMessage({ mesh, usesSecret }: Plan) {
  if (mesh === undefined) return withServiceUrl((url) => sendTo(url, 'to the Service', usesSecret))
  const { route } = mesh
  await showRouteStatus(route)
  return withGatewayUrl(route, readVariable('GATEWAY_URL'), (url) =>
    sendTo(url, 'through the gateway', usesSecret, route),
  )
}

/** Returns the command that sends a message, and the one that it needs first. */
async function sendTo(url: GatewayUrl, way: string, usesSecret: boolean, route?: PublicRoute) {
  const ca = readVariable('GATEWAY_CACERT')
  if (route?.entry.needsClientCertificate) {
    say(`  skip  a message ${way}, which requires a client certificate`)
  } else {
    const answer = await step(`a message was signed ${way}`, () =>
      processMessage(url, 'hello', { waitMs: firstAnswerMs, ca }),
    )
    if (usesSecret) await noteOtherKey(answer)
  }
  return { curl: formatCurl(chooseUrlToPrint(url), ca), prerequisite: url.prerequisite }
}

async function checkAgain({ rendering, resources }: Plan, mesh: InspectedMesh): Promise<void> {
  await step('nothing on the cluster opens or breaks the Pods after the deployment', () =>
    checkOthers(resources, mesh),
  )
  await step('istioctl analyze reports no problem after the deployment', () =>
    checkAnalysis(rendering, 'after', mesh.injector.revision),
  )
}

/** Leaves only the new route. Its gateway has just answered. */
async function finishRoute(rendering: Rendering, former: FormerRoute): Promise<void> {
  const names = former.removed.map(describeResource)
  if (names.length === 0) return removeFormerRoute(rendering, former)
  await step(`${names.join(', ')} of the route before is removed`, () =>
    removeFormerRoute(rendering, former),
  )
}
