import { test } from 'vitest'
import { tryRun, run } from '../../tools/cli/exec.ts'
import { startEngineRoom } from '../support/engines/engine-room.ts'
import { startEngines } from '../support/engines/engines.ts'
import { startRegistry, readPushed } from '../support/engines/registry.ts'
import { pushBases, BASE } from '../support/engines/base-image.ts'
test('x', async () => {
  const t = performance.now(); const lap = (s: string) => console.log(s, Math.round(performance.now() - t))
  const room = await startEngineRoom()
  lap('room')
  await startRegistry(room)
  const engines = await startEngines(room).catch(async (e) => { console.log(await run('sh', ['-c', `tail -n 30 ${room.folder}/*.log`])); throw e })
  lap('engines')
  await pushBases(engines.podman)
  lap('base')
  for (const [name, e] of Object.entries(engines)) for (const p of ['linux/arm64', '']) {
   const r = await tryRun('make', ['--silent','images', `BUILDER=${e.builder}`, `NODE_IMAGE=${BASE}`, `IMAGE_PREFIX=registry.example/${name}`, 'PUSH=yes', ...(p ? ['TARGET_PLATFORM=' + p] : [])], { env: { ...process.env, PATH: `${e.bin}:${process.env.PATH}` } })
   lap(name + p)
   console.log(r)
   for (const l of r.stdout.trim().split('\n')) console.log(JSON.stringify(await readPushed(room, l.split(/[:]/)[0]!.replace('registry.example/',''), l.split(':')[1]!).catch(String)))
  }
  if (process.env.HOLD) { await run('sh', ['-c', `ls -d ${room.folder}; echo ${room.folder} > /tmp/eng/folder; while [ -e /tmp/eng/folder ]; do sleep 1; done`]) }
}, 3000000)
