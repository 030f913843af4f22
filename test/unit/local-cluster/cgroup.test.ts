// The Pods' cgroup has the controllers that kubelet requires. Folders stand in for the kernel's.
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeCgroup } from '../../../tools/local-cluster/node/cgroup.ts'
import { makeFolder } from '../../support/folder.ts'

/** What systemd of Debian 13 leaves in the root of the hierarchy. */
const debian = {
  'cgroup.procs': '',
  'cgroup.controllers': 'cpuset cpu io memory hugetlb pids rdma misc dmem\n',
  'cgroup.subtree_control': 'cpu io memory pids\n',
}

async function makeHierarchy(files: Record<string, string>): Promise<string> {
  const folder = await makeFolder()
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

const readSubtree = (folder: string) => readFile(join(folder, 'cgroup.subtree_control'), 'utf8')

test('cgroup v2: hands down the controllers of kubelet that systemd does not use', async () => {
  const folder = await makeHierarchy(debian)
  await makeCgroup('pods', folder)
  expect(await readSubtree(folder)).toBe('+cpuset +hugetlb')
  expect((await stat(join(folder, 'pods'))).isDirectory()).toBe(true)
})

test('cgroup v2: asks for no controller that the kernel lacks, and for none twice', async () => {
  const handedDown = 'cpuset cpu memory pids\n'
  const folder = await makeHierarchy({
    ...debian,
    'cgroup.controllers': 'cpuset cpu io memory pids\n',
    'cgroup.subtree_control': handedDown,
  })
  await makeCgroup('pods', folder)
  expect(await readSubtree(folder)).toBe(handedDown)
})

test('cgroup v2: a kernel that hands nothing down is an error with the reason', async () => {
  const { 'cgroup.subtree_control': _, ...files } = debian
  const folder = await makeHierarchy(files)
  await mkdir(join(folder, 'cgroup.subtree_control'))
  await expect(makeCgroup('pods', folder)).rejects.toThrow(
    /controllers cpu, cpuset, memory, hugetlb, pids down to Pods: .+ fails with EISDIR$/,
  )
})

test('cgroup v1: makes the cgroup in each hierarchy, and changes nothing above it', async () => {
  const mount = await makeFolder()
  for (const name of ['cpu', 'memory', 'unified']) await mkdir(join(mount, name))
  for (const name of ['cpu', 'memory']) await writeFile(join(mount, name, 'cgroup.procs'), '')
  // A hybrid setup has a hierarchy of version 2 without controllers.
  const unified = { 'cgroup.procs': '', 'cgroup.controllers': '', 'cgroup.subtree_control': '' }
  for (const [name, text] of Object.entries(unified)) {
    await writeFile(join(mount, 'unified', name), text)
  }
  await makeCgroup('pods', mount)
  for (const name of ['cpu', 'memory', 'unified']) {
    expect((await stat(join(mount, name, 'pods'))).isDirectory()).toBe(true)
  }
  expect(await readSubtree(join(mount, 'unified'))).toBe('')
})
