// The three applications that run side by side on the local cluster: ours, and those of examples/.
import { join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run, tryRun } from '../../../tools/cli/exec.ts'
import { type Application, readApplication } from '../../../tools/kube/application.ts'
import type { GatewayUrl } from '../../../tools/kube/gateway-url.ts'
import { readAddress } from '../../../tools/kube/gateway-url.ts'

export const configs = {
  ours: 'k8s/frontend/signing.yaml',
  flask: 'examples/flask/signing.yaml',
  go: 'examples/go/signing.yaml',
} as const
export type Name = keyof typeof configs
export const names = Object.keys(configs) as Name[]

const read = (name: Name) => readApplication(join(CHECKOUT, configs[name]))
export const applications: Record<Name, Application> = {
  ours: read('ours'),
  flask: read('flask'),
  go: read('go'),
}

const url = process.env.GATEWAY_URL ?? ''

/** How public clients reach the application through the gateway. */
export function locateGateway({ publicHost }: Application): GatewayUrl {
  if (publicHost === undefined) return { url }
  return { url: `http://${publicHost}`, address: readAddress({ url }) }
}

/** The variables of `make TARGET CONFIG=…` for one application. */
function envOf(name: Name, variables: Record<string, string>): NodeJS.ProcessEnv {
  return { ...process.env, COMPONENTS: '', ...variables, CONFIG: join(CHECKOUT, configs[name]) }
}

/** Runs a program under tools/ as make does. Returns what it prints. Throws CommandError. */
export function runProgram(
  program: string,
  name: Name,
  variables: Record<string, string> = {},
): Promise<string> {
  return run(process.execPath, [join(CHECKOUT, program)], { env: envOf(name, variables) })
}

/** The same, for a program whose failure is expected. Standard output and standard error come together. */
export async function tryProgram(
  program: string,
  name: Name,
  variables: Record<string, string> = {},
): Promise<{ code: number; said: string }> {
  const env = envOf(name, variables)
  const { code, stdout, stderr } = await tryRun(process.execPath, [join(CHECKOUT, program)], {
    env,
  })
  return { code, said: stdout + stderr }
}
