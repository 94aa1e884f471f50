/** A worker had to stop while some of its calls would not end; Temporal gives them to another worker. */
export class WorkAbandoned extends Error {
  override readonly name = 'WorkAbandoned';

  constructor() {
    super(
      'stopped, but abandoned calls that did not end in time; another worker takes them up after their heartbeat timeout',
    );
  }
}
