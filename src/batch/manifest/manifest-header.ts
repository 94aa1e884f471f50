import { failure } from '../../contracts/failures';

/**
 * Checks the names in the first row of a CSV manifest, so that a wrong one is told once and not of every row.
 * @param itemFields of an item's input at the batch's provider.
 */
export const manifestHeader =
  (itemFields: readonly string[]) =>
  (names: readonly string[]): void => {
    const known = new Set(['path', 'url', 's3', ...itemFields]);
    const twice = names.find((name, index) => names.indexOf(name) < index);
    if (twice !== undefined) throw headerRefused(`names "${shown(twice)}" twice`);
    const strange = names.find((name) => !known.has(name.split('.', 1)[0] ?? ''));
    if (strange !== undefined) {
      throw headerRefused(
        `"${shown(strange)}" is no field of an item (${[...known].join(', ')}); what is to be kept with it goes into ` +
          'metadata.<name>',
      );
    }
    if (!names.some((name) => /^(path|url|s3|source\..+)$/.test(name))) {
      throw headerRefused('names no source; one field must be path, url or s3');
    }
  };

const headerRefused = (why: string) => failure('InvalidRequest', `items.uri: the header: ${why}`);

const shown = (name: string): string => (name.length > 60 ? `${name.slice(0, 60)}…` : name);
