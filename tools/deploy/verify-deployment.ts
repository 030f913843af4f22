// The end of make deploy: sends one message, and checks the cluster again.
import { readVariable } from '../cli/make-variables.ts'
import { say, step } from '../cli/terminal.ts'
import { describeFreeze, readMarkIfAllowed } from '../incident/freeze/marker.ts'
import { application } from '../kube/application.ts'
import { chooseUrlToPrint, type GatewayUrl } from '../kube/gateway-url.ts'
import { describeResource } from '../kube/resources.ts'
import { type FormerRoute, removeFormerRoute } from './apply/former-route.ts'
import { checkAnalysis } from './apply/istioctl-analyze.ts'
import { showRouteStatus } from './apply/route-status.ts'
import { noteOtherKey } from './keys/compare-signature.ts'
import { checkOthers } from './preflight/other-resources.ts'
import type { InspectedMesh } from './preflight/preflight.ts'
import type { Plan } from './prepare.ts'
import type { Rendering } from './render/render.ts'
import { describeWay, withApplicationUrl } from './smoke/application-url.ts'
import { sendSmoke } from './smoke/send-smoke.ts'
import { formatCurl } from './smoke/smoke-request.ts'

/** Milliseconds for the first answer. Every proxy must have received the new policies by then. */
const firstAnswerMs = 60_000

/** Sends a message, removes the former route, checks the deployment, and prints a command that sends a message. */
export async function verify(plan: Plan): Promise<void> {
  const { mesh, rendering, formerRoute } = plan
  if (mesh !== undefined) await showRouteStatus(mesh.route)
  const { curl, prerequisite } = await withApplicationUrl(mesh?.route, (url) =>
    sendMessage(url, plan),
  )
  await finishRoute(rendering, formerRoute)
  if (mesh !== undefined) await checkMesh(plan, mesh)
  if (prerequisite !== undefined) say(`Run this in another terminal: ${prerequisite}`)
  process.stdout.write(curl === undefined ? '' : `${curl}\n`)
}

/** Returns the command that sends a message, and the one that it needs first. */
async function sendMessage(url: GatewayUrl, { mesh, usesSecret }: Plan) {
  const { smoke, file } = application
  const ca = readVariable('GATEWAY_CACERT')
  const way = describeWay(mesh?.route)
  const mark = await readMarkIfAllowed()
  if (mark !== undefined) {
    const { what, todo } = describeFreeze(mark)
    say(`  skip  a message ${way}: ${what}.\n  → ${todo}`)
  } else if (mesh?.route.entry.needsClientCertificate) {
    say(`  skip  a message ${way}, which requires a client certificate`)
  } else if (smoke !== undefined) {
    const title =
      (smoke.answer ?? smoke.webhook)
        ? `a message was signed ${way}`
        : `the application answered ${way}`
    const answer = await step(title, () => sendSmoke(url, smoke, { waitMs: firstAnswerMs, ca }))
    if (usesSecret && answer !== undefined) await noteOtherKey(answer)
  } else {
    say(`  skip  a message ${way}: ${file} has no smoke request`)
  }
  return {
    curl: smoke && formatCurl(chooseUrlToPrint(url), smoke.request, ca),
    prerequisite: url.prerequisite,
  }
}

async function checkMesh({ rendering, resources }: Plan, mesh: InspectedMesh): Promise<void> {
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
