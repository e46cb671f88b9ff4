import descriptions from '../../apimachinery/generated/descriptions.json' with { type: 'json' }

const TEXTS: { readonly [model: string]: { readonly [field: string]: string } } = descriptions

/** Paragraphs, which the description keeps as two spaces, are paragraphs again. */
const paragraphs = (text: string) => text.replaceAll('  ', '\n\n')

/** The published text of a model's field; '' when there is none. */
export function fieldText(model: string, field: string): string {
  return paragraphs(TEXTS[model]?.[field] ?? '')
}

export function modelText(model: string): string {
  return fieldText(model, '')
}

/** A column's description: literal, or 'Model.field'. */
export function columnText(description: string): string {
  const match = /^([A-Z]\w+)\.(\w+)$/.exec(description)
  return (match && fieldText(match[1] ?? '', match[2] ?? '')) || description
}
