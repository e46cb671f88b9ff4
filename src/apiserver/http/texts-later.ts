/** model -> field -> text; the field '' is the model itself. */
export type Texts = { readonly [model: string]: { readonly [field: string]: string } }

let texts: Texts = {}

/** The published texts of models and fields; none before loadTexts. */
export const publishedTexts = (): Texts => texts

/**
 * Fetches the texts. In a browser: they are a third of all that would be downloaded, and a cluster runs without them.
 * Only column descriptions and OpenAPI documents show them.
 */
export async function loadTexts(): Promise<void> {
  texts = (await import('../../apimachinery/generated/descriptions.json', { with: { type: 'json' } })).default
}
