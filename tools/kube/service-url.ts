// Reaches the application without a gateway: by a port-forward to its Service or to one of its Pods.
import { z } from 'zod'
import { type GatewayUrl, suggestedLocalPort } from './gateway-url.ts'
import { kubectlJson } from './kubectl.ts'
import { namespace, port, service } from './names.ts'
import { describePortForward, startPortForward } from './port-forward.ts'

const serviceSchema = z.object({
  spec: z.object({
    ports: z.array(
      z.object({ port: z.number(), targetPort: z.union([z.number(), z.string()]).optional() }),
    ),
  }),
})

/** Calls `use` with a URL that leads to the Service. The port-forward ends with the call. */
export async function withServiceUrl<T>(use: (url: GatewayUrl) => Promise<T>): Promise<T> {
  return withForward(`service/${service}`, await readServicePort(), use)
}

/** The same for a Pod. */
export function withPodUrl<T>(pod: string, use: (url: GatewayUrl) => Promise<T>): Promise<T> {
  return withForward(`pod/${pod}`, port, use)
}

/** Returns the port that leads to the application. Several are told apart by the number of the Pod's port, or the first counts. */
async function readServicePort(): Promise<number> {
  const { spec } = await kubectlJson(serviceSchema, [
    ...['get', 'service', service, '-n', namespace, '-o', 'json'],
  ])
  const found = spec.ports.find(({ targetPort }) => targetPort === port) ?? spec.ports[0]
  return found?.port ?? port
}

async function withForward<T>(
  target: string,
  targetPort: number,
  use: (url: GatewayUrl) => Promise<T>,
): Promise<T> {
  const args = ['-n', namespace, target]
  const forward = await startPortForward(args, targetPort)
  try {
    return await use({
      url: `http://127.0.0.1:${forward.port}`,
      prerequisite: describePortForward(args, suggestedLocalPort, targetPort),
    })
  } finally {
    forward.stop()
  }
}
