// What the local cluster and its images are made of, as folders of the cache.
import { readVariable } from '../cli/make-variables.ts'
import { fetchNodejs } from './images/nodejs.ts'
import { buildRootFileSystems, type RootFileSystems } from './images/root-file-systems.ts'
import { fetchEnvoy } from './programs/envoy.ts'
import { type Built, buildIstio, buildPrograms, type Programs } from './programs/programs.ts'

export type Ingredients = {
  programs: Programs
  roots: RootFileSystems
  /** Undefined for a cluster without Istio. */
  istio: (Built & { envoy: string }) | undefined
  nodejs: { folder: string; version: string }
}

/** Builds what the cache lacks. */
export async function fillCache(hasIstio: boolean): Promise<Ingredients> {
  return {
    roots: await buildRootFileSystems(),
    nodejs: await fetchNodejs(),
    programs: await buildPrograms(),
    istio: hasIstio
      ? { ...(await buildIstio(readVariable('ISTIO'))), envoy: await fetchEnvoy() }
      : undefined,
  }
}
