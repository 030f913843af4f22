// Where the loads on the deployment come from. On the local cluster, generators run in the networks of the Pods and of the node, and
// outside of every CPU limit. They reach the gateway without the bridge that leads from this machine into the node.
import { say } from '../../cli/terminal.ts'
import { GATEWAY_NODE_PORT, NODE_IP } from '../../local-cluster/paths.ts'
import { callIn } from '../attack/containers.ts'
import { toPlace } from '../attack/gateway.ts'
import type { Place } from '../attack/probe.ts'
import type { Target } from '../attack/target.ts'
import { isLocalCluster } from '../attack/tokens.ts'
import { findNodeInit, findSandboxOf } from '../faults/support/node.ts'
import type { Load } from './generator.ts'
import type { Generator } from './start-generator.ts'
import type { Generate } from './subject.ts'

/** `start`: starts a generator that ends with the benchmark. */
export type StartGenerator = (network?: string) => Generator

const GENERATOR = 'tools/verify/bench/generator.ts'

/** Returns what sends loads from the network of the Pod with this uid. */
export async function enterPod(uid: string, start: StartGenerator): Promise<Generate> {
  return start(`/proc/${await findSandboxOf(uid)}/ns/net`).generate
}

/** The same for the target's Pod. On another cluster than the local one, the frontend container sends the loads. */
export async function enterTarget(target: Target, start: StartGenerator): Promise<Generate> {
  if (isLocalCluster) return enterPod(target.uid, start)
  say(
    '  note  the frontend container sends the loads on its Pod, and shares its CPU limit with them',
  )
  return (load) => callIn<Load>(target.frontend, GENERATOR, 'generateLoad', load)
}

/** Returns the address of the gateway, and what sends loads to it. */
export async function enterGateway(
  gatewayUrl: string,
  start: StartGenerator,
): Promise<{ address: Place; generate: Generate }> {
  if (!isLocalCluster) return { address: toPlace(gatewayUrl), generate: start().generate }
  const network = `/proc/${await findNodeInit()}/root/run/netns/node`
  return { address: { host: NODE_IP, port: GATEWAY_NODE_PORT }, generate: start(network).generate }
}
