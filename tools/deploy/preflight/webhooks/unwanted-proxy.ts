// Finds the proxy of Istio in a Pod whose layout has no mesh.
import { UserError } from '../../../cli/terminal.ts'
import { type Container, podSchema } from './pod-schema.ts'

const proxyName = 'istio-proxy'
/** The signer of a layout without a mesh has this variable. */
const isPeerOfContainer = ({ env }: Container) =>
  env.some(({ name, value }) => name === 'SIGNER_PEER' && value === 'container')

/** Throws UserError if the admitted Pod has a proxy that the Deployment `name` does not want. */
export function checkNoProxy(name: string, sent: unknown, admitted: unknown): void {
  const [before, after] = [podSchema.parse(sent), podSchema.parse(admitted)]
  if (!before.spec.containers.some(isPeerOfContainer)) return
  const added = [...after.spec.initContainers, ...after.spec.containers]
  if (!added.some((each) => each.name === proxyName)) return
  throw new UserError(
    `Istio injects its proxy into each Pod of ${name}, and OVERLAY=no-mesh has no mesh`,
    'Remove what injects it: the labels istio-injection and istio.io/rev of the namespace, or the setting enableNamespacesByDefault of the injector. Or deploy with Istio: leave out OVERLAY=no-mesh.',
  )
}
