"""What customers say about any problem: answers, follow-ups, greetings and last words, by band.

Bands run from 0 (content) to 4 (furious). Some calm customers use negative words (``CALM_BUT_DARK``) and some angry
ones polite words (``POLITE_BUT_ANGRY``), so that a text model cannot always be right.
"""

from agents.simulator.complaints import Bands

REMARKS: Bands = (
    (
        "sure, the number is {order}",
        "ok that makes sense, I'll try it now",
        "yes, that is the right address in {city}",
        "great, thank you, take your time",
        "ah I see it now, it was under settings",
        "{name} here, yes I can hold for a moment",
        "that works for me, {day} is fine",
        "perfect, and is there anything I should do on my side?",
        "the mail just came in, reference {order}",
        "no problem, I can wait a bit",
        "oh nice, that was quick. one more thing about the {product} though",
        "sounds good. I have the {plan} plan, if that matters",
    ),
    (
        "the number is {order}",
        "yes, I am the account holder, {name}",
        "it was on {day}, around {hour}",
        "I have done that, the screen says {code}",
        "no, only on the phone, the laptop is fine",
        "I used the card ending {card}",
        "can you check it with reference {order}?",
        "and what happens after that?",
        "how long does it usually take?",
        "I'm looking at the page, there is no such button",
        "it is registered under {city}, not the new address",
        "which form do you mean, the one from {month}?",
        "I have two of them, {order} is the newer one",
        "the mail from {day} said something else",
    ),
    (
        "I sent that on {day} already",
        "hm, that is not what your colleague said on {day}",
        "that was not my question",
        "I have written all this in the form, do you not see it?",
        "is there nothing else you can do?",
        "so it depends on someone else now, I see",
        "it would help to get a clear yes or no",
        "I was on hold for {minutes} minutes before this chat",
        "ok, but that leaves me with the same thing as before",
        "I would rather not wait until {day}",
        "are you still there?",
        "and that is the only way?",
        "you asked me that {minutes} minutes ago",
        "I am not sure this gets us anywhere",
    ),
    (
        "I already told you that, {order}, it is in this very chat",
        "that does not help me at all",
        "this is the {nth} person I explain this to, it is getting frustrating",
        "why does nobody call me back? you promised it on {day}",
        "I have been waiting for {minutes} minutes just for this answer?",
        "so again nothing. I am really not happy with this",
        "you keep sending me the same text",
        "how is this my fault? I did everything you asked",
        "can I talk to someone who can decide something?",
        "it is still the same, as I said {minutes} minutes ago",
        "honestly this is very disappointing after {years} years as a customer",
        "that is what I was told last time and then it did not work",
        "I should not have to explain this over and over",
        "no. that is not a solution",
    ),
    (
        "are you even reading what I write?? I already said {order}",
        "this is unacceptable, put me through to a manager",
        "useless. I am wasting my whole {day} here",
        "STOP sending me the same nonsense again and again",
        "what a joke. {years} years as a customer and this is what I get",
        "no no no. you promised and you lied, it is ridiculous",
        "I am sick of your excuses, I will cancel and tell everyone",
        "this is the worst support I have ever had, wtf",
        "I want a real human, not this pathetic script!!",
        "you never help, you only apologise. I am furious",
        "unbelievable. how many times??",
        "enough. I will complain in writing and switch to somebody else",
        "do you think this is funny? I am losing money every day because of you",
        "that is a terrible answer and you know it",
    ),
)

FOLLOW_UPS: Bands = (
    ("thanks!", "thank you :)", "cheers", "appreciate it", "have a good one", "no hurry", "lovely"),
    ("please let me know", "thanks", "can you check?", "what should I do?", "please advise", "is that possible?"),
    ("please look into it", "I need an answer", "what now?", "is that so hard?", "can we move on?", "well?"),
    (
        "I have had enough of this",
        "please just fix it",
        "why is this so difficult?",
        "I am still waiting",
        "this is not ok",
        "somebody has to take care of it",
    ),
    (
        "fix it NOW",
        "I am done with you",
        "this is a disgrace!!",
        "get me a manager",
        "do your job",
        "shame on you",
        "I will not wait any longer!",
    ),
)

LEADS: Bands = (
    ("ok", "ah", "oh", "right", "hm", "alright", "sure", "so", "yes", "cool", "ok {operator}", "{operator}"),
    ("ok", "right", "well", "hm", "so", "yes", "no", "fine", "{operator}", "one more thing", "just to be clear"),
    ("well", "hm", "look", "so", "ok but", "again", "sorry but", "{operator}", "to be honest", "as of {hour}"),
    ("look", "no", "really", "seriously", "honestly", "{operator}", "sorry but no", "again", "for {span} now"),
    ("no", "seriously", "oh come on", "{operator}!", "what", "listen", "hello?!", "for god's sake", "wow"),
)

GREETINGS: Bands = (
    ("Hi", "Hello", "Hi there", "Good morning", "Hey", "Hello team", "Hi, {name} here"),
    ("Hi", "Hello", "Good day", "Hello, {name} here", "Good afternoon"),
    ("Hello", "Hi again", "Hello, me again", "Good day"),
    ("Hello?", "Me again", "So", "Hello, {name}, again"),
    ("Listen", "Hello?!", "OK listen", "So this is it"),
)

LAST_WORDS: Bands = (
    (
        "that worked, thank you so much {operator}!",
        "perfect, thanks for the help",
        "great, it works now. have a nice {day}",
        "sorted, thanks a lot",
        "brilliant, that was all. bye!",
        "it is {hour} and all is well again, thanks {operator}",
    ),
    (
        "ok, that is all, thanks",
        "got it, I'll check on {day}",
        "alright, thank you, {operator}",
        "fine, then I wait for the mail about {order}",
        "good, that answers it",
    ),
    (
        "ok. I hope it is done by {day} then",
        "well, I'll see on {day} whether it works",
        "fine, then please note it under {order}",
        "thanks, though this took a while",
    ),
    (
        "fine. if it is not solved by {day} I will be back",
        "ok, leave it. I will try the shop in {city}",
        "I'll believe it when I see it",
        "thanks for trying, but this was not a good experience",
    ),
    (
        "forget it, I cancel. {years} years and then this",
        "unbelievable. bye",
        "I will write to your management about {order}, this is a disgrace",
        "never again. goodbye",
    ),
)

CALM_BUT_DARK = (
    "my old {product} died, poor thing, so I'm starting from scratch",
    "sorry to be a pain, I am terrible with computers",
    "no stress, I was dying for a coffee break anyway",
    "it is not a disaster, I still have the old one",
    "my internet at the holiday house is awful so I may drop off, don't worry",
    "silly question, I hate to bother you with it",
    "the weather in {city} is horrible, so I have all day :)",
    "I was afraid I had lost {order}, but here it is",
    "damn, I typed it wrong, one second",
    "don't worry about the wait, my last provider was far worse",
)
POLITE_BUT_ANGRY = (
    "thank you for nothing",
    "great, just great",
    "oh perfect, another form",
    "how lovely to read the same answer once more",
    "with all due respect, please take this seriously",
    "thanks, I appreciate that you try, but I am out of patience",
    "kindly explain to me how that is supposed to be good service",
    "please, I am asking nicely for the last time",
    "wonderful, so I pay and you are happy",
)
