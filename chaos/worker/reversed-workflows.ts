/** The product's workflows with one promise broken: cleanup goes in order of creation. */
Object.defineProperty(Array.prototype, 'toReversed', {
  value(this: unknown[]) {
    return [...this];
  },
});

export * from '../../src/workflows';
