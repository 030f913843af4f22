// Runs an exported function of a file in this folder in a container, as an attacker would.
import { type Container, callIn } from '../../../tools/verify/attack/containers.ts'

/** Returns the result of the function. `flags`: of Node. */
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
