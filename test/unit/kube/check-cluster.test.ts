// The check that the cluster answers. A program stands in for kubectl, with a cluster that takes 30 s.
import { afterEach, expect, test, vi } from 'vitest'
import { measurePace } from '../../../tools/cli/pace.ts'
import { checkCluster } from '../../../tools/kube/check-cluster.ts'
import { makePrograms } from '../../support/folder.ts'

afterEach(() => {
  measurePace(0)
  vi.unstubAllEnvs()
})

async function useSlowCluster(): Promise<void> {
  const kubectl = `
for each in "$@"; do case $each in --request-timeout=*ms) limit=\${each#*=} ;; esac; done
[ "$1" = version ] || [ "\${limit%ms}" -gt 30000 ] || { echo 'Client.Timeout exceeded while awaiting headers' >&2; exit 1; }`
  vi.stubEnv('PATH', `${await makePrograms({ kubectl })}:${process.env.PATH}`)
}

test('a cluster that takes 30 s does not answer in time', async () => {
  await useSlowCluster()
  await expect(checkCluster()).rejects.toThrow(/^the cluster does not answer in time: Client/)
})

test('it may take longer for a slow machine', async () => {
  await useSlowCluster()
  measurePace(10_000)
  await checkCluster()
})
