import { callApi } from '/assets/api.js';
import { session } from '/assets/session.js';

/** Says why there is no chat to see. */
export function showNotice(text) {
  document.getElementById('notice-text').textContent = text;
  document.getElementById('notice').hidden = false;
}

/** Shows the form, or why nobody can sign in. */
export function showSignIn({ code, message }) {
  if (code === 'CLOSED') {
    showNotice(message);
    return;
  }
  document.getElementById('sign-in').hidden = false;
  const form = document.getElementById('sign-in-form');
  const name = document.getElementById('sign-in-name');
  const password = document.getElementById('sign-in-password');
  const problem = document.getElementById('sign-in-problem');
  const button = document.getElementById('sign-in-button');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    problem.textContent = '';
    try {
      const body = { name: name.value.trim(), password: password.value };
      await callApi('/api/session', { method: 'POST', body });
      if (await session.load())
        throw new Error('Your browser did not keep the sign-in. Use https and allow cookies.');
      location.reload();
    } catch (error) {
      problem.textContent = error.message;
      button.disabled = false;
      password.select();
    }
  });
  name.focus();
}

/** Says who is signed in, and lets them out; where people are made up nobody needs that. */
export function showAccount({ people, isMadeUp }) {
  if (isMadeUp) return;
  document.getElementById('account-name').textContent = people[0].name;
  document.getElementById('account').hidden = false;
  document.getElementById('sign-out').addEventListener('click', async () => {
    await callApi('/api/session', { method: 'DELETE' });
    sessionStorage.clear();
    location.reload();
  });
}
