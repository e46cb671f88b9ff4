import { loadAll } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import resources from '../../apimachinery/generated/resources.json'
import en from '../i18n/en/gallery.json'
import zh from '../i18n/zh/gallery.json'
import { EXAMPLES, exampleText, GROUPS, kindsIn } from './examples.ts'

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec?: {
    readonly selector?: { readonly matchLabels?: object }
    readonly template?: { readonly metadata?: { readonly labels?: object } }
  }
}

/** Kinds that other examples define. */
const CUSTOM = [
  ...['VolumeSnapshot', 'VolumeSnapshotClass'].map((kind) => `snapshot.storage.k8s.io/v1 ${kind}`),
  ...['IPAddressPool', 'L2Advertisement'].map((kind) => `metallb.io/v1beta1 ${kind}`),
]
const kinds = new Set(
  CUSTOM.concat(resources.map(({ group, version, kind }) => `${group === '' ? version : `${group}/${version}`} ${kind}`)),
)

describe('examples', () => {
  it.each(EXAMPLES.map(({ id }) => id))('%s is a manifest of known kinds, whose selectors match their templates', (id) => {
    for (const manifest of loadAll(exampleText(id)) as Manifest[]) {
      expect(kinds).toContain(`${manifest.apiVersion} ${manifest.kind}`)
      expect(manifest.metadata.name).toMatch(/^[a-z][a-z0-9.-]*$/)
      const selector = manifest.spec?.selector?.matchLabels
      if (selector && manifest.spec?.template) expect(manifest.spec.template.metadata?.labels).toMatchObject(selector)
    }
  })

  it('have a title and a description in both languages, and a group', () => {
    for (const texts of [en, zh]) {
      expect(Object.keys(texts.examples).toSorted()).toEqual(EXAMPLES.map(({ id }) => id).toSorted())
      for (const { title, text } of Object.values(texts.examples)) expect(title && text).toBeTruthy()
      expect(Object.keys(texts.groups).toSorted()).toEqual(GROUPS.toSorted())
    }
  })

  it('tell their kinds', () => {
    expect(kindsIn(exampleText('first-deployment'))).toEqual(['Deployment', 'Service'])
  })
})
