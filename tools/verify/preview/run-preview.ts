// Reads the change and the deployment, refuses what no preview applies, and compares both in a scratch namespace.
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatFindings, locateFindings } from '../../analyze/source/locate.ts'
import type { Subject } from '../../analyze/subject.ts'
import { readVariable } from '../../cli/make-variables.ts'
import { say, step, UserError } from '../../cli/terminal.ts'
import { inspectCluster } from '../../deploy/preflight/preflight.ts'
import { application } from '../../kube/application.ts'
import { readWantedRoute } from '../../kube/gateway/public-route.ts'
import { findDeployed, listWorkloads, onePod } from '../../kube/layouts.ts'
import { namespace } from '../../kube/names.ts'
import { readLive } from '../scratch/read-live.ts'
import { compareAdmissionOf } from './admission.ts'
import { prepareChange } from './prepare.ts'
import type { Context } from './refusals/context.ts'
import { refuseChange } from './refusals/refuse-change.ts'
import type { Report } from './report.ts'
import { compareInScratch } from './scratch-run.ts'
import { readChange } from './source/read-change.ts'

export type Found = Omit<Report, 'verdict' | 'seconds'>
const nothing = { changed: [], requests: [], admission: [], rewrites: [], notes: [], refused: [] }

export async function runPreview(): Promise<Found> {
  const layout = (await findDeployed()) ?? onePod
  if (layout !== onePod) {
    throw new UserError(
      `the overlay ${layout.overlay} is deployed, and a preview runs only the default one`,
      'Run `make analyze` instead.',
    )
  }
  const mesh = await inspectCluster(layout, {
    revision: readVariable('ISTIO_REVISION'),
    route: readWantedRoute(),
    tokenKeys: readVariable('TOKEN_KEYS'),
  })
  if (mesh === undefined) throw new Error('no mesh')
  await using folder = await mkdtempDisposable(join(tmpdir(), 'preview-'))
  const deployments = listWorkloads(layout)
  const deployed = await step('the deployment is read', () => readLive(namespace, deployments))
  const subject = await step('the change is read', () => readChange(layout, mesh, folder.path))
  const context: Context = {
    ...{ namespace, deployments, deployed, changed: subject.resources },
    publicHost: application.publicHost,
  }
  const refused = await findRefused(subject, context)
  if (refused.length > 0) return { ...nothing, refused }
  say('  ok    the change has only what a preview applies')
  const { resources, notes } = prepareChange(context)
  // Neither leaves the other running.
  const both = await Promise.allSettled([
    compareAdmissionOf(subject.resources),
    compareInScratch({
      ...{ mesh, changed: resources, folder: folder.path },
      // In the same form, so that only the change differs.
      deployed: prepareChange({ ...context, changed: deployed }).resources,
    }),
  ])
  const [admission, measured] = both
  if (admission.status === 'rejected') throw admission.reason
  if (measured.status === 'rejected') throw measured.reason
  return {
    ...nothing,
    ...measured.value,
    admission: admission.value,
    notes: [...notes, ...measured.value.notes],
  }
}

async function findRefused(subject: Subject, context: Context): Promise<string[]> {
  const found = refuseChange(context).map((each) => ({ ...each, rule: 'refused' }))
  const located = await locateFindings(subject, found)
  const unread = subject.unread.map((each) => ({ ...each, rule: 'yaml' }))
  const lines = formatFindings([...unread, ...located])
  return lines.split('\n').filter((line) => line !== '')
}
