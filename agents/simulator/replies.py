"""What operators and bots reply, by the purpose of the reply."""

REPLIES: dict[str, tuple[str, ...]] = {
    "apology": (
        "I am sorry for the trouble with your {product}, {name}.",
        "Sorry about that, this should not have happened.",
        "I apologise for the wait. Let me see what is going on with {order}.",
        "We regret that {day} did not go as planned, {name}.",
        "My apologies, I can see that you wrote to us before.",
        "I'm sorry to hear that. I have opened {order} now.",
    ),
    "refusal": (
        "Unfortunately I cannot change that from here.",
        "I am afraid our policy does not cover {product}s bought before {month}.",
        "I'm unable to see the payment of {amount} in my system.",
        "That is not possible without the original receipt, unfortunately.",
        "I can't give you a date before {day}, the depot decides that.",
        "A credit of {amount} is not allowed on the {plan} plan.",
    ),
    "promise": (
        "I will look into {order} and come back to you by {day}.",
        "I'll pass this on to the team in {city} right away.",
        "We will send the confirmation within {minutes} minutes.",
        "I'll book the {amount} back myself, it shows in a few days.",
        "Our technician will call you on {day} before {hour}.",
        "I will stay with you until this is done.",
    ),
    "question": (
        "Could you give me the number of your order or contract?",
        "Which email address is the account registered with?",
        "When did you see this for the first time?",
        "Do you see a code such as {code} on the screen?",
        "May I ask for the last four digits of the card?",
        "Have you tried it on another device?",
    ),
    "reassurance": (
        "Don't worry, {name}, your account is safe.",
        "Rest assured that nothing is lost, {order} is in our system.",
        "You are covered by the warranty for this.",
        "Your payment is secure and there is no risk of a second charge.",
        "Nothing will be charged while we look at this, rest assured.",
    ),
    "information": (
        "I can see {order} in front of me now, one moment.",
        "The update from {day} changed that page, the button is under Settings now.",
        "The {amount} is a deposit, it goes back after the return.",
        "According to the depot in {city} it leaves today.",
        "Please restart the {product} and hold the button for ten seconds.",
        "A return takes up to ten working days from {day}.",
        "The {plan} plan includes that, you need not do anything.",
    ),
}
BOT_REPLIES = (
    "Hello {name}, I am the virtual assistant. Could you describe the problem in a few words?",
    "Thank you. I found this article about {plan} plans: does it answer your question?",
    "I did not understand that. Please choose: order, invoice, technical, other.",
    "I will connect you with a colleague. You are number {times} in the queue.",
    "Please enter your order number, for example {order}.",
    "Your request has the reference {order}. Is there anything else?",
)
GOODBYES = (
    "You're welcome, {name}. I have closed {order}. Have a good day!",
    "Glad I could help. I will mark this as done.",
    "All set, then. You get a summary by email in {minutes} minutes.",
    "Thank you for your patience, {name}. The case is closed, write any time.",
    "I have noted everything under {order}. Goodbye!",
)
