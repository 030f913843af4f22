// What the user reads when a builder fails. The texts are those of Docker 26, Docker 20 and podman 5.
import { describe, expect, test } from 'vitest'
import { CommandError } from '../../../tools/cli/exec.ts'
import { UserError } from '../../../tools/cli/terminal.ts'
import { explaining, readReason } from '../../../tools/images/builder-errors.ts'

const push = { builder: 'docker', reference: 'registry.example:5000/team/signer:1' }
const base = { builder: 'podman', reference: 'gcr.io/distroless/nodejs24-debian13:nonroot' }

/** Returns the error of a builder that prints `stderr`. */
async function explain(attempt: typeof push, stderr: string): Promise<Error> {
  const variable = attempt === push ? 'IMAGE_PREFIX' : 'NODE_IMAGE'
  const failure = new CommandError('builder', { code: 1, stdout: '', stderr })
  return explaining({ ...attempt, variable }, () => Promise.reject(failure)).catch((error) => error)
}

describe('the reason is the line of the error', () => {
  test.each([
    ['ERROR: Cannot connect to the Docker daemon.\nerrors pretty printing info', /^Cannot connect/],
    ['time="…" level=warning msg="retrying"\nError: pinging registry: x509', /^pinging registry/],
    ['#2 ERROR: x\n------\nERROR: failed to solve: not found\n', /^failed to solve/],
    ['Get "https://registry.example/v2/": x509: unknown authority', /^Get/],
    ['', /^$/],
  ])('%j', (stderr, reason) => {
    expect(readReason(stderr)).toMatch(reason)
  })
})

describe('a failure says what to do', () => {
  test.each([
    [push, 'unauthorized: authentication required', 'docker login registry.example:5000.'],
    [push, 'denied: requested access to the resource is denied', 'the right to push'],
    [push, "denied: Permission 'artifactregistry.write' denied on resource", 'the right to push'],
    [push, 'http: server gave HTTP response to HTTPS client', '/etc/docker/daemon.json'],
    [base, 'Error: http: server gave HTTP response to HTTPS client', '/etc/containers/reg'],
    [push, 'x509: certificate signed by unknown authority', 'certs.d/registry.example:5000/ca.crt'],
    [push, 'dial tcp: lookup registry.example: no such host', 'reaches registry.example:5000'],
    [base, 'Error: dial tcp: i/o timeout', 'reaches gcr.io'],
    [base, 'Error: reading manifest nonroot: manifest unknown', 'Check its name and tag'],
    [push, 'name unknown: the repository does not exist', 'Create the repository'],
    [push, 'ERROR: invalid tag "https://x": invalid reference format', 'without https://'],
    [base, 'Error: lchown: Check /etc/subuid and /etc/subgid', 'usermod --add-subuids'],
  ])('%o: %s', async (attempt, stderr, todo) => {
    const error = await explain(attempt, stderr)
    expect(error).toBeInstanceOf(UserError)
    expect(error).toMatchObject({ todo: expect.stringContaining(todo) })
    expect(error.message).toContain(attempt.reference)
  })

  test.each([
    'no space left on device',
    // Of this machine, so no registry would help.
    'permission denied while trying to connect to the Docker daemon socket',
    'error creating build container: mkdir /var/lib/containers: permission denied',
  ])('another cause stays as the builder said it: %s', async (stderr) => {
    expect(await explain(push, stderr)).toBeInstanceOf(CommandError)
  })
})
