// Runs an exported function of a file in this folder in a container, as an attacker would who runs code there.
import { type Container, callIn } from '../../../tools/verify/attack/containers.ts'

/** Returns what the function returns. `flags` are Node's. */
export function runIn<T>(
  from: Container,
  file:
    | 'ask-api-server'
    | 'attack-socket'
    | 'break-out'
    | 'escape'
    | 'port-scan'
    | 'read-files'
    | 'search',
  name: string,
  input: unknown = {},
  flags?: readonly string[],
): Promise<T> {
  return callIn(from, `test/support/compromise/${file}.ts`, name, input, flags)
}
