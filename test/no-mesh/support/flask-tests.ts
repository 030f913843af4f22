// The Flask example without a mesh: the same image and the same signing.yaml. Only OVERLAY differs.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { kubectl, kubectlJson } from '../../../tools/kube/kubectl.ts'
import { provideExampleImage } from '../../../tools/local-cluster/images/example-images.ts'
import { overlay, succeed } from './deployed.ts'

const config = 'CONFIG=examples/flask/signing.yaml'
const where = ['-n', 'orders', 'deployment/orders']
const list = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.array(
          z.object({ name: z.string(), volumeMounts: z.array(z.object({ name: z.string() })) }),
        ),
      }),
    }),
  }),
})
/** Sends a signing request over the signer's socket as code in the container can. Prints the status and the answer. */
const unpaired = `
import http.client, socket
class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/run/signer/signer.sock")
connection = Connection("localhost")
connection.request("POST", "/sign", '{"message":"unpaired"}', {"content-type": "application/json"})
answer = connection.getresponse()
print(answer.status, answer.read().decode())`

export function testFlask(): void {
  beforeAll(async () => {
    await provideExampleImage('flask')
    await succeed('deploy', overlay, config)
  })
  afterAll(() => succeed('undeploy', config, 'DELETE_KEY=yes'))

  test('gets the signature that OpenSSL computes', async () => {
    expect(await succeed('smoke', config)).toMatch(/^ok: .* equal to OpenSSL's HMAC/m)
  })
  test('mounts the socket and the pairing secret, and not the key', async () => {
    const { spec } = await kubectlJson(list, [
      'get',
      'deployment',
      'orders',
      '-n',
      'orders',
      '-o',
      'json',
    ])
    const mounts = spec.template.spec.containers.map(({ name, volumeMounts }) => [
      name,
      volumeMounts.map((each) => each.name).toSorted(),
    ])
    expect(Object.fromEntries(mounts)).toEqual({
      web: ['pairing', 'signer-socket'],
      signer: ['hmac-key', 'pairing', 'signer-freeze', 'signer-socket'],
    })
  })
  test('gets no signature without pairing', async () => {
    const said = await kubectl(['exec', ...where, '-c', 'web', '--', 'python3', '-c', unpaired])
    expect(said).toMatch(/^403 .*"code":"pairing_refused"/)
  })
}
