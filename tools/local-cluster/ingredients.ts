// What the local cluster and its images are made of, as folders of the cache.
import { readVariable } from '../cli/make-variables.ts'
import { fetchNodejs, type Nodejs } from './images/nodejs.ts'
import { buildRootFileSystems, type RootFileSystems } from './images/root-file-systems.ts'
import { fetchEnvoy } from './programs/envoy.ts'
import {
  type Built,
  buildIstio,
  buildPrograms,
  fetchSources,
  type Programs,
} from './programs/programs.ts'

export type Ingredients = {
  programs: Programs
  roots: RootFileSystems
  /** Undefined for a cluster without Istio. */
  istio: (Built & { envoy: string }) | undefined
  nodejs: Nodejs
}

/** Builds what the cache lacks. */
export async function fillCache(hasIstio: boolean): Promise<Ingredients> {
  const other = readVariable('ISTIO')
  const pinned = hasIstio && other === undefined ? (['istio'] as const) : []
  // First all that needs the network, so that its faults show before anything is compiled.
  const [roots, nodejs, envoy] = await Promise.all([
    buildRootFileSystems(),
    fetchNodejs(),
    hasIstio ? fetchEnvoy() : undefined,
    fetchSources(['etcd', 'kubernetes', 'coredns', ...pinned]),
  ])
  const programs = await buildPrograms()
  const istio = envoy === undefined ? undefined : { ...(await buildIstio(other)), envoy }
  return { roots, nodejs, programs, istio }
}
