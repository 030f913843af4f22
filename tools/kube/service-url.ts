// Reaches the application without a gateway: by a port-forward to its Service or to one of its Pods.
import { type GatewayUrl, suggestedLocalPort } from './gateway-url.ts'
import { namespace } from './names.ts'
import { startPortForward } from './port-forward.ts'

/** The Service of the frontend and its port. */
const service = { name: 'frontend', port: 8080 }

/** Calls `use` with a URL that leads to the Service. The port-forward ends with the call. */
export function withServiceUrl<T>(use: (url: GatewayUrl) => Promise<T>): Promise<T> {
  return withForward(`service/${service.name}`, use)
}

/** The same for the Pod `name`. */
export function withPodUrl<T>(name: string, use: (url: GatewayUrl) => Promise<T>): Promise<T> {
  return withForward(`pod/${name}`, use)
}

async function withForward<T>(target: string, use: (url: GatewayUrl) => Promise<T>): Promise<T> {
  const args = ['-n', namespace, target]
  const forward = await startPortForward(args, service.port)
  try {
    return await use({
      url: `http://127.0.0.1:${forward.port}`,
      prerequisite: `kubectl port-forward ${args.join(' ')} ${suggestedLocalPort}:${service.port}`,
    })
  } finally {
    forward.stop()
  }
}
